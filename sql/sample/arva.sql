-- A sample company, "ARVA Tech Solutions", with 16 personas. For the demo and the tests.

insert into public.empresas (id, codigo, nome, descricao, industria, dominio)
values (
    'b3b1a8c2-6b1e-4c53-9c0e-4a52d7a0c101',
    'ARVA01',
    'ARVA Tech Solutions',
    'Soluções de software e inteligência artificial',
    'tecnologia',
    'arvatech.example'
)
on conflict do nothing;

insert into public.personas (
    id, persona_code, full_name, role, department, genero, nacionalidade, experiencia_anos, empresa_id
)
select
    case when turn.nth = 0 then sample.id::uuid else md5(sample.id || turn.nth)::uuid end,
    format('ARVA01-%s', to_char(sample.nr + 16 * turn.nth, 'FM999900')),
    -- Beyond sixteen the names come round again with a number.
    sample.name || case when turn.nth = 0 then '' else format(' %s', turn.nth + 1) end,
    sample.role,
    sample.department,
    sample.gender,
    sample.nationality,
    sample.years,
    'b3b1a8c2-6b1e-4c53-9c0e-4a52d7a0c101'
from (
    values
    ('814292cd-648b-5d8f-a214-4a893669de29', 1, 'Ana Beatriz Carvalho', 'CEO', 'Diretoria', 'feminino', 'brasileiros', 18),
    ('4f1ff415-a9fc-576b-af8d-45006ba0896c', 2, 'Rafael Monteiro', 'CTO', 'Tecnologia', 'masculino', 'brasileiros', 15),
    ('b98e66cd-5431-5d52-9559-d79370897be2', 3, 'Priya Nair', 'Diretora de Produto', 'Produto', 'feminino', 'indianos', 12),
    ('494bdc32-c085-588a-b2fd-2dfc36b4baaa', 4, 'Lucas Almeida', 'Desenvolvedor Full Stack', 'Tecnologia', 'masculino', 'brasileiros', 6),
    ('d4ed21e9-8185-5e13-ac0d-cb61c16d1c76', 5, 'Sofia Lindqvist', 'Designer de UX', 'Produto', 'feminino', 'nordicos', 7),
    ('5d457a83-bb8c-57b4-9862-4bd173d994e2', 6, 'Kenji Watanabe', 'Cientista de Dados', 'Tecnologia', 'masculino', 'asiaticos', 9),
    ('31a611a1-f071-5326-9b8b-68731534d22c', 7, 'Amara Okafor', 'Gerente de Marketing', 'Marketing', 'feminino', 'africanos', 10),
    ('f8be6107-e67f-5b28-bcee-a3fea261cbcb', 8, 'Mateo Fernández', 'Especialista em Vendas', 'Comercial', 'masculino', 'latinos', 8),
    ('d416da06-e9d1-5039-873e-1207142ceda5', 9, 'Layla Haddad', 'Analista Financeira', 'Financeiro', 'feminino', 'arabes', 5),
    ('163cab00-1a3c-513b-86d7-02042da09e0a', 10, 'Dmitri Volkov', 'Engenheiro de DevOps', 'Tecnologia', 'masculino', 'russos', 11),
    ('9594a976-3d36-5eaa-aa79-82775a4b6ecb', 11, 'Emily Parker', 'Assistente Executiva', 'Diretoria', 'feminino', 'americanos', 4),
    ('f2e9bb02-fb30-591d-ad08-e79ceb302641', 12, 'João Pedro Sousa', 'Suporte ao Cliente', 'Atendimento', 'masculino', 'brasileiros', 3),
    ('b17831b0-5127-5d3e-bbab-973a75b9d5e4', 13, 'Chiara Rossi', 'Especialista em RH', 'Recursos Humanos', 'feminino', 'europeus', 9),
    ('7e806864-c290-5a31-9aff-8df710cb9b37', 14, 'Omar Benali', 'Analista de Segurança', 'Tecnologia', 'masculino', 'arabes', 7),
    ('3baf24ed-3183-59eb-b9d0-3012a6c3d425', 15, 'Mei Ling Chen', 'Engenheira de IA', 'Tecnologia', 'feminino', 'asiaticos', 8),
    ('674d9813-faa2-5909-805b-26b82608e759', 16, 'Thiago Ribeiro', 'Coordenador de Projetos', 'Operações', 'masculino', 'brasileiros', 13)
) as sample(id, nr, name, role, department, gender, nationality, years)
cross join generate_series(0, ({personas} - 1) / 16) as turn(nth)
where sample.nr + 16 * turn.nth <= {personas}
order by sample.nr + 16 * turn.nth
on conflict do nothing;
